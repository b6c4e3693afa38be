import type { TokenView } from '@innkeeper/model';
import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useReturnFocus } from '../ui/useReturnFocus.ts';

interface Props {
  readonly token: TokenView;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

export const RevokeToken = ({ token: { name }, onConfirm, onClose }: Props) => {
  useReturnFocus();
  return (
    <Modal opened onClose={onClose} title={`Revoke ${name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">
          Nobody is known by it any more: requests are refused from now on, and open consoles and streams end within 15
          seconds. If you signed in here with it, you are signed out. This cannot be undone; what was done with it stays
          in the audit log.
        </Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red" onClick={onConfirm}>
            Revoke {name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};
