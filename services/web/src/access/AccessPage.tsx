import { Alert, Center, Loader, Stack, Text } from '@mantine/core';
import { isForbidden, problemFrom } from '../api/ApiError.ts';
import { useAudit } from '../api/access.ts';
import { AuditLog, everything } from './AuditLog.tsx';
import { Tokens } from './Tokens.tsx';

/** For administrators. The audit log is asked for first: one refusal is enough to tell the others. */
export const AccessPage = () => {
  const { error, isPending } = useAudit(everything);
  if (isPending)
    return (
      <Center p="xl">
        <Loader aria-label="Reading who may do what" />
      </Center>
    );
  if (isForbidden(error))
    return (
      <Alert color="gray" title="Tokens and the audit log are for administrators" role="status">
        <Text size="sm">
          {problemFrom(error).detail}. With the token of an administrator, sign out and sign in again.
        </Text>
      </Alert>
    );
  return (
    <Stack gap="xl">
      <Tokens />
      <AuditLog />
    </Stack>
  );
};
