import type { BackupView, WorkloadView } from '@innkeeper/model';
import { Center, Group, Loader, Select, Stack, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useBackups, useBackupTargets, useKept } from '../api/kept.ts';
import { useWorkloads } from '../api/queries.ts';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { type BackupAct, BackupTable } from './BackupTable.tsx';
import { BringBack } from './BringBack.tsx';

interface MakeProps {
  readonly pending: boolean;
  readonly onMake: (to: string | undefined) => void;
}

/** Where it goes is asked only where there are several places. */
const Make = ({ pending, onMake }: MakeProps) => {
  const targets = (useBackupTargets().data ?? []).map(({ name }) => name);
  const [chosen, setChosen] = useState<string | null>(null);
  const to = targets.length > 1 ? (chosen ?? undefined) : targets[0];
  const none = 'There is no backup target yet: inn backup target add';
  const reason = targets.length === 0 ? none : to === undefined ? 'Choose where it goes' : undefined;
  return (
    <Group gap="xs" align="flex-end">
      {targets.length > 1 && <Select size="xs" label="Goes to" data={targets} value={chosen} onChange={setChosen} />}
      <ReasonButton size="xs" reason={reason} label="Back up now" loading={pending} onPress={() => onMake(to)}>
        Back up now
      </ReasonButton>
    </Group>
  );
};

interface Props {
  /** All that may be seen without it, also of workloads that are gone. */
  readonly workload?: WorkloadView;
}

/** What workloads held, kept elsewhere. */
export const Backups = ({ workload }: Props) => {
  const of = workload?.name;
  const { data, error, isPending } = useBackups(of);
  const workloads = useWorkloads().data ?? [];
  const kept = useKept();
  const [asked, setAsked] = useState<{ readonly act: BackupAct; readonly backup: BackupView }>();
  const act = (what: BackupAct, backup: BackupView): void => {
    if (what === 'verify') kept.mutate({ kind: 'verify', backup: backup.name, text: `Verifying ${backup.name}` });
    else setAsked({ act: what, backup });
  };
  const close = (): void => setAsked(undefined);
  const bringBack = (backup: BackupView, as: string): void => {
    kept.mutate({ kind: 'bring back', backup: backup.name, as, text: `Bringing back ${backup.name}` });
    close();
  };
  const remove = ({ name }: BackupView): void => {
    kept.mutate({ kind: 'remove backup', backup: name, text: `Removing ${name}` });
    close();
  };
  return (
    <Stack gap="sm" component="section" aria-label="Backups">
      <Title order={of === undefined ? 2 : 3} size={of === undefined ? 'h4' : 'h5'}>
        Backups
      </Title>
      {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the backups" />}
      {kept.error !== null && (
        <ProblemAlert
          problem={problemFrom(kept.error)}
          title={kept.variables?.text ?? ''}
          onClose={() => kept.reset()}
        />
      )}
      {of !== undefined && (
        <Make
          pending={kept.isPending}
          onMake={(to) => kept.mutate({ kind: 'backup', workload: of, to, text: `Backing up ${of}` })}
        />
      )}
      {isPending && (
        <Center p="md">
          <Loader aria-label="Reading the backups" />
        </Center>
      )}
      {data?.length === 0 && (
        <Text size="sm" c="dimmed">
          {of === undefined
            ? 'There is none. inn backup target add says where they go; a workload is backed up from its own view.'
            : 'There is none: what it holds is on its host alone.'}
        </Text>
      )}
      {data !== undefined && data.length > 0 && (
        <BackupTable backups={data} withWorkload={of === undefined} onAct={act} />
      )}
      {asked?.act === 'bring back' && (
        <BringBack
          backup={asked.backup}
          taken={new Set(workloads.map(({ name }) => name))}
          onConfirm={(as) => bringBack(asked.backup, as)}
          onClose={close}
        />
      )}
      {asked?.act === 'remove backup' && (
        <ConfirmDialog
          verb="Remove"
          name={asked.backup.name}
          text="Other backups stay whole. Its room is given back when the target is pruned."
          onConfirm={() => remove(asked.backup)}
          onClose={close}
        />
      )}
    </Stack>
  );
};
