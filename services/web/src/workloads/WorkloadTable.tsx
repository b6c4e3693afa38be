import type { WorkloadView } from '@innkeeper/model';
import { Table } from '@mantine/core';
import type { Action } from '../api/queries.ts';
import { useNow } from '../ui/useNow.ts';
import { WorkloadRow } from './WorkloadRow.tsx';
import classes from './WorkloadTable.module.css';

interface Props {
  readonly workloads: readonly WorkloadView[];
  readonly onAction: (action: Action, workload: WorkloadView) => void;
}

const columns: readonly { readonly text: string; readonly title?: string; readonly right?: boolean }[] = [
  { text: 'Name' },
  { text: 'State' },
  { text: 'Backend' },
  { text: 'Host' },
  { text: 'Image' },
  { text: 'CPUs', right: true },
  { text: 'Memory', title: 'used now / limit', right: true },
  { text: 'Own disk', title: 'written by this workload, without the shared image / size', right: true },
  { text: 'Addresses' },
  { text: 'Uptime', right: true },
  { text: 'Actions' },
];

export const WorkloadTable = ({ workloads, onAction }: Props) => {
  const now = useNow(1_000);
  return (
    <Table.ScrollContainer minWidth={1180} type="native">
      <Table verticalSpacing={6} horizontalSpacing={6} fz="sm" highlightOnHover className={classes.table ?? ''}>
        <Table.Thead>
          <Table.Tr>
            {columns.map(({ text, title, right }) => (
              <Table.Th key={text} title={title} ta={right === true ? 'right' : 'left'}>
                {text}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {workloads.map((workload) => (
            <WorkloadRow key={workload.id} workload={workload} now={now} onAction={onAction} />
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};
