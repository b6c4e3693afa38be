import { Button, Group, Modal, Stack, Text } from '@mantine/core';
import { useReturnFocus } from './useReturnFocus.ts';

interface Props {
  /** What would be done, as a word: Remove, Revoke. */
  readonly verb: string;
  readonly name: string;
  /** What follows from it. */
  readonly text: string;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** One question before something is taken away for good; the answer that keeps it has the focus. */
export const ConfirmDialog = ({ verb, name, text, onConfirm, onClose }: Props) => {
  useReturnFocus();
  return (
    <Modal opened onClose={onClose} title={`${verb} ${name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <Stack>
        <Text size="sm">{text}</Text>
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            Keep it
          </Button>
          <Button color="red" onClick={onConfirm}>
            {verb} {name}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
};
