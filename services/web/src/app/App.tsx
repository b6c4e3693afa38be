import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { ApiError } from '../api/ApiError.ts';
import { SignIn } from '../session/SignIn.tsx';
import { expireSession, useSession } from '../session/session.ts';
import { Shell } from './Shell.tsx';

const onError = (error: Error): void => {
  if (error instanceof ApiError && error.problem.status === 401) expireSession(error.problem.detail);
};

/** Only what may go away when asked again is asked again. */
const retry = (count: number, error: Error): boolean =>
  count < 2 && error instanceof ApiError && (error.problem.status === 0 || error.problem.status === 503);

const queryClient = new QueryClient({
  queryCache: new QueryCache({ onError }),
  mutationCache: new MutationCache({ onError }),
  defaultOptions: { queries: { retry, staleTime: 2_000 } },
});

export const App = () => {
  const { token } = useSession();
  if (token === undefined) {
    queryClient.clear();
    return <SignIn />;
  }
  return (
    <QueryClientProvider client={queryClient}>
      <Shell />
    </QueryClientProvider>
  );
};
