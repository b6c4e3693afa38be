import type { Difference, WorkloadDiff } from '@innkeeper/model';
import { Table } from '@mantine/core';
import { Fragment } from 'react';
import { nothing } from '../ui/text.ts';
import classes from './Differences.module.css';

const meaning: Readonly<Record<Difference['what'], string>> = {
  changed: 'changed by others',
  'next start': 'acts from its next start on',
  'not applied': 'not applied to the guest',
  missing: 'not on its host',
  newer: 'newer than the inventory',
};

const shown = (value: unknown): string => {
  if (value === undefined || value === null) return nothing;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

/** What a definition says acts from the next start on, where the guest runs with something else. */
const thereIs = ({ defined, observed }: Difference, runs: boolean): readonly string[] => {
  if (defined === undefined || observed === undefined) return [shown(defined ?? observed)];
  if (!runs || shown(defined) === shown(observed)) return [shown(defined)];
  return [`${shown(observed)} now`, `${shown(defined)} from its next start on`];
};

/** What was asked and what there is; below it, what sets it right: beside it there is no room in a narrow window. */
export const Differences = ({ diff: { name, state, differences } }: { readonly diff: WorkloadDiff }) => (
  <Table fz="sm" verticalSpacing={4} aria-label={`Differences of ${name}`}>
    <Table.Thead>
      <Table.Tr>
        <Table.Th>Field</Table.Th>
        <Table.Th>Asked</Table.Th>
        <Table.Th>There is</Table.Th>
      </Table.Tr>
    </Table.Thead>
    <Table.Tbody>
      {differences.map((difference) => (
        <Fragment key={difference.field}>
          <Table.Tr className={classes.difference ?? ''}>
            <Table.Td>
              <b>{difference.field}</b>
              <div>{meaning[difference.what]}</div>
            </Table.Td>
            <Table.Td>{difference.asked === undefined ? 'the default' : shown(difference.asked)}</Table.Td>
            <Table.Td>
              {thereIs(difference, state !== 'stopped').map((line) => (
                <div key={line}>{line}</div>
              ))}
            </Table.Td>
          </Table.Tr>
          <Table.Tr>
            <Table.Td colSpan={3}>What corrects it: {difference.remedy}</Table.Td>
          </Table.Tr>
        </Fragment>
      ))}
    </Table.Tbody>
  </Table>
);
