import type { NetworkView } from '@innkeeper/model';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useReturnFocus } from '../ui/useReturnFocus.ts';

interface Props {
  readonly network: NetworkView;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Nobody uses it and nothing is lost with it: one question is enough. */
export const RemoveNetwork = ({ network, onConfirm, onClose }: Props) => {
  useReturnFocus();
  const { name, hosts } = network;
  const where = hosts.length === 0 ? '' : ` It is taken from ${hosts.map(({ host }) => host).join(', ')} as well.`;
  return (
    <Modal opened onClose={onClose} title={`Remove ${name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">No workload is on it.{where}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red" onClick={onConfirm}>
            Remove {name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};
