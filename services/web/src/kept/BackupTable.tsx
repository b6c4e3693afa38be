import type { BackupView } from '@innkeeper/model';
import { Group, Table, Text } from '@mantine/core';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { momentText, sizeText } from '../ui/text.ts';

/** What can be done with one. */
export type BackupAct = 'bring back' | 'verify' | 'remove backup';

interface Props {
  readonly backups: readonly BackupView[];
  /** Of one workload there is less room, and less to say. */
  readonly withWorkload: boolean;
  readonly onAct: (act: BackupAct, backup: BackupView) => void;
}

const acts: readonly { readonly act: BackupAct; readonly text: string }[] = [
  { act: 'bring back', text: 'Bring back' },
  { act: 'verify', text: 'Verify' },
  { act: 'remove backup', text: 'Remove' },
];

const notPossible = (act: BackupAct, { name, state }: BackupView): string | undefined =>
  state === 'ready' || act === 'remove backup' ? undefined : `${name} is not whole: it is ${state}`;

const sizeTitle = 'All that it holds; the repository shares what others hold as well';
const sizeOf = ({ state, sizeBytes }: BackupView): string => (state === 'ready' ? sizeText(sizeBytes) : state);

const Verified = ({ verified }: Pick<BackupView, 'verified'>) =>
  verified === undefined ? (
    <Text size="sm" c="dimmed">
      not yet
    </Text>
  ) : (
    <Text size="sm" {...(verified.ok ? {} : { c: 'red' })} title={verified.text}>
      {verified.ok ? momentText(verified.at) : `failed: ${verified.text}`}
    </Text>
  );

export const BackupTable = ({ backups, withWorkload, onAct }: Props) => (
  <Table.ScrollContainer minWidth={withWorkload ? 900 : 480} type="native">
    <Table fz="sm" verticalSpacing={4} aria-label="List of backups">
      <Table.Thead>
        <Table.Tr>
          <Table.Th>Name</Table.Th>
          {withWorkload && <Table.Th>Of</Table.Th>}
          {withWorkload && (
            <>
              <Table.Th>At</Table.Th>
              <Table.Th>Made</Table.Th>
              <Table.Th title={sizeTitle}>Size</Table.Th>
            </>
          )}
          <Table.Th title="Brought back, started, and taken away again">Verified</Table.Th>
          <Table.Th>Actions</Table.Th>
        </Table.Tr>
      </Table.Thead>
      <Table.Tbody>
        {backups.map((backup) => (
          <Table.Tr key={backup.id}>
            <Table.Th scope="row">
              {backup.name}
              {!withWorkload && (
                <Text size="xs" c="dimmed" title={sizeTitle}>
                  {` ${backup.target} · ${sizeOf(backup)}`}
                </Text>
              )}
            </Table.Th>
            {withWorkload && (
              <>
                <Table.Td>{backup.workload.name}</Table.Td>
                <Table.Td>{backup.target}</Table.Td>
                <Table.Td>{momentText(backup.createdAt)}</Table.Td>
                <Table.Td>{sizeOf(backup)}</Table.Td>
              </>
            )}
            <Table.Td>
              <Verified verified={backup.verified} />
            </Table.Td>
            <Table.Td>
              <Group gap={4} wrap="nowrap">
                {acts.map(({ act, text }) => (
                  <ReasonButton
                    key={act}
                    size="compact-xs"
                    variant="default"
                    {...(act === 'remove backup' ? { c: 'red' } : {})}
                    reason={notPossible(act, backup)}
                    label={`${text} ${backup.name}`}
                    onPress={() => onAct(act, backup)}
                  >
                    {text}
                  </ReasonButton>
                ))}
              </Group>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  </Table.ScrollContainer>
);
