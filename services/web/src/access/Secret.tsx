import type { TokenView } from '@innkeeper/model';
import { Alert, Button, Group, Stack, Text, Textarea } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';

interface Props {
  readonly token: TokenView & { readonly token: string };
  readonly onClose: () => void;
}

/** The one time that a secret is shown. */
export const Secret = ({ token: { name, role, projects, token }, onClose }: Props) => {
  const { copy, copied, error } = useClipboard({ timeout: 5_000 });
  return (
    <Stack>
      <Alert color="yellow" title="Copy the secret now" role="status">
        It is never shown again: Innkeeper keeps a hash of it only. Whoever has it is {name}, with the role {role} for{' '}
        {projects.length === 0 ? 'all projects' : projects.join(', ')}.
      </Alert>
      <Textarea
        label="Secret"
        value={token}
        readOnly
        autosize
        onFocus={(event) => event.currentTarget.select()}
        styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)', wordBreak: 'break-all' } }}
      />
      {error !== null && (
        <Text size="sm" c="red" role="alert">
          The browser does not let this page copy: select the secret and copy it by hand.
        </Text>
      )}
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          I have it
        </Button>
        <Button onClick={() => copy(token)} autoFocus>
          <span aria-live="polite">{copied ? 'Copied' : 'Copy the secret'}</span>
        </Button>
      </Group>
    </Stack>
  );
};
