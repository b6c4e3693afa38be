import type { WorkloadView } from '@innkeeper/model';
import { Button, Group, Modal, Stack, Text, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';

interface Props {
  readonly workload: WorkloadView;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Removing takes the disk with it, so the workload has to be named. */
export const RemoveDialog = ({ workload, onConfirm, onClose }: Props) => {
  useReturnFocus();
  const [typed, setTyped] = useState('');
  const reason = typed === workload.name ? undefined : `Type ${workload.name} to confirm`;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined) onConfirm();
  };
  return (
    <Modal opened onClose={onClose} title={`Remove ${workload.name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit}>
        <Stack>
          <Text size="sm">
            Its guest{workload.host !== undefined && ` on ${workload.host}`} is destroyed together with its disk. This
            cannot be undone.
          </Text>
          <TextInput
            label={
              <>
                Type <b>{workload.name}</b> to confirm
              </>
            }
            value={typed}
            onChange={(event) => setTyped(event.currentTarget.value)}
            autoComplete="off"
            data-autofocus
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Keep it
            </Button>
            <ReasonButton type="submit" color="red" reason={reason} label={`Remove ${workload.name}`}>
              Remove {workload.name}
            </ReasonButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
