import type { TokenView } from '@innkeeper/model';
import { Alert, Button, Center, Group, Loader, Stack, Switch, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { isForbidden, problemFrom } from '../api/ApiError.ts';
import { useRevokeToken, useTokens } from '../api/access.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { NewToken } from './NewToken.tsx';
import { RevokeToken } from './RevokeToken.tsx';
import { TokenTable } from './TokenTable.tsx';

/** Who may use the API, as what. */
export const Tokens = () => {
  const { data, error, isPending } = useTokens();
  const revocation = useRevokeToken();
  const [withRevoked, setWithRevoked] = useState(false);
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<TokenView>();
  const all = data ?? [];
  const good = all.filter(({ revokedAt }) => revokedAt === undefined);
  const shown = withRevoked ? all : good;
  const revoke = (token: TokenView): void => {
    revocation.mutate(token);
    setRevoking(undefined);
  };

  if (isForbidden(error))
    return (
      <Alert color="gray" title="Tokens are not yours to see">
        <Text size="sm">{problemFrom(error).detail}</Text>
      </Alert>
    );
  return (
    <Stack gap="sm" component="section" aria-label="Tokens">
      <Group justify="space-between">
        <Title order={2} size="h4">
          Tokens
        </Title>
        <Group gap="sm">
          <Switch
            size="sm"
            label="With those that were revoked"
            checked={withRevoked}
            onChange={(event) => setWithRevoked(event.currentTarget.checked)}
          />
          <Button onClick={() => setCreating(true)}>New token</Button>
        </Group>
      </Group>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the tokens" />}
      {revocation.error !== null && (
        <ProblemAlert
          problem={problemFrom(revocation.error)}
          title={`Revoking ${revocation.variables?.name ?? ''}`}
          onClose={() => revocation.reset()}
        />
      )}
      {isPending && (
        <Center p="xl">
          <Loader aria-label="Reading the tokens" />
        </Center>
      )}
      {data !== undefined && shown.length === 0 && (
        <Text size="sm" c="dimmed">
          There is no token. Whoever can open the socket of this machine is an administrator without one.
        </Text>
      )}
      {shown.length > 0 && <TokenTable tokens={shown} onRevoke={setRevoking} />}
      {creating && <NewToken taken={good.map(({ name }) => name)} onClose={() => setCreating(false)} />}
      {revoking !== undefined && (
        <RevokeToken token={revoking} onConfirm={() => revoke(revoking)} onClose={() => setRevoking(undefined)} />
      )}
    </Stack>
  );
};
