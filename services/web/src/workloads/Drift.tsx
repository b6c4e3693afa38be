import type { WorkloadView } from '@innkeeper/model';
import { Alert, List, Stack } from '@mantine/core';
import { problemFrom } from '../api/ApiError.ts';
import { useDiff } from '../api/queries.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { Differences } from './Differences.tsx';

/** Field by field; the sentences of the list until that is read, and where nothing can be said of its fields. */
export const Drift = ({ workload }: { readonly workload: WorkloadView }) => {
  const { data, error } = useDiff(workload.name);
  const differences = data?.differences ?? [];
  return (
    <Alert
      color="orange"
      title={workload.state === 'missing' ? 'Its guest is gone' : 'Drift: the world differs from what was asked'}
    >
      <Stack gap="sm">
        {differences.length === 0 && workload.drift.length > 0 && (
          <List size="sm">
            {workload.drift.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        )}
        {data !== undefined && differences.length > 0 && <Differences diff={data} />}
        {error !== null && <ProblemAlert problem={problemFrom(error)} title="Reading the differences" />}
      </Stack>
    </Alert>
  );
};
