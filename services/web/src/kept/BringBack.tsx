import type { BackupView } from '@innkeeper/model';
import { Group, Modal, Stack, Text } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { NameField } from '../ui/NameField.tsx';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';

interface Props {
  readonly backup: BackupView;
  /** Names of workloads that are there. */
  readonly taken: ReadonlySet<string>;
  readonly onConfirm: (as: string) => void;
  readonly onClose: () => void;
}

/** As the workload that is gone, or beside it as another one. */
export const BringBack = ({ backup: { name, workload, createdAt }, taken, onConfirm, onClose }: Props) => {
  useReturnFocus();
  const isThere = taken.has(workload.name);
  const [as, setAs] = useState(isThere ? `${workload.name}-restored` : workload.name);
  const reason = as === '' ? 'It needs a name' : taken.has(as) ? `There is a workload called ${as} already` : undefined;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined) onConfirm(as);
  };
  return (
    <Modal opened onClose={onClose} title={`Bring back ${name}?`} closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate>
        <Stack>
          <Text size="sm">
            {`A workload is made that holds what ${workload.name} held at ${new Date(createdAt).toLocaleString()}. `}
            {isThere
              ? `${workload.name} stays as it is: the new one is somebody else, with an address and keys of its own.`
              : `${workload.name} is gone: under any name it goes on as it, with its addresses and keys.`}
          </Text>
          <NameField
            description="Of the workload that is made"
            value={as}
            error={taken.has(as) ? reason : undefined}
            onChange={setAs}
          />
          <Group justify="flex-end">
            <ReasonButton type="submit" reason={reason} label={`Bring back as ${as}`}>
              {`Bring back as ${as}`}
            </ReasonButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
