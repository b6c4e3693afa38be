import { Alert, Button, Center, Code, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ApiError } from '../api/ApiError.ts';
import { request } from '../api/request.ts';
import { signIn, useSession } from './session.ts';

const explain = (error: unknown): string => {
  if (!(error instanceof ApiError)) return 'Signing in failed for an unknown reason';
  if (error.problem.status === 401) return 'This token is not accepted. Copy the whole token, beginning with ink_';
  return `${error.problem.title}: ${error.problem.detail}`;
};

/** Asks for a token and tries it before keeping it. */
export const SignIn = () => {
  const { notice } = useSession();
  const [token, setToken] = useState('');
  const [error, setError] = useState<string>();
  const [busy, setBusy] = useState(false);

  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    const secret = token.trim();
    if (!/^\S+$/.test(secret)) return setError('Enter the token; it has no spaces in it');
    setBusy(true);
    setError(undefined);
    try {
      await request('/v1/version', { token: secret });
      signIn(secret);
    } catch (thrown) {
      setError(explain(thrown));
      setBusy(false);
    }
  };

  return (
    <Center mih="100dvh" p="md" component="main">
      <Paper withBorder shadow="sm" p="xl" w="100%" maw={460}>
        <form onSubmit={(event) => void submit(event)}>
          <Stack>
            <Title order={1} size="h2">
              Innkeeper
            </Title>
            {notice !== undefined && (
              <Alert color="yellow" title="You were signed out" role="alert">
                {notice}
              </Alert>
            )}
            <PasswordInput
              label="Access token"
              description="It was printed when the control plane started for the first time."
              value={token}
              onChange={(event) => setToken(event.currentTarget.value)}
              error={error}
              autoComplete="current-password"
              data-autofocus
              autoFocus
            />
            <Button type="submit" loading={busy}>
              Sign in
            </Button>
            <Text size="sm" c="dimmed">
              Lost it? On the machine of the control plane, root makes another with <Code>inn token create NAME</Code>.
              This page keeps the token until its tab is closed.
            </Text>
          </Stack>
        </form>
      </Paper>
    </Center>
  );
};
