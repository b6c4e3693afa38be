import type { WorkloadView } from '@innkeeper/model';
import { Alert, Button, Stack, Text } from '@mantine/core';
import { useState } from 'react';
import { useInventoryFinding } from '../api/recovery.ts';
import { isNewer, isUnknown } from './knowsMore.ts';
import { TakeBackDialog } from './TakeBackDialog.tsx';

const most = 5;

/** So many names that one still reads them. */
const namesOf = (workloads: readonly WorkloadView[]): string => {
  const names = workloads.slice(0, most).map(({ name }) => name);
  const more = workloads.length - names.length;
  return `${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
};

/** Where the hosts know more than the inventory: what the doctor says, and what is seen of guests before it is asked. */
export const BehindBanner = ({ workloads }: { readonly workloads: readonly WorkloadView[] }) => {
  const finding = useInventoryFinding();
  const [looking, setLooking] = useState(false);
  const unknown = workloads.filter(isUnknown);
  const newer = workloads.filter(isNewer);
  const isBehind = finding !== undefined || unknown.length > 0 || newer.length > 0;
  // What was done is told by the dialog, which stays when there is nothing left to say here.
  if (!isBehind && !looking) return null;
  return (
    <>
      {isBehind && (
        <Alert color="orange" title="The hosts know more than the inventory" role="status">
          <Stack gap="xs" align="flex-start">
            {finding !== undefined && (
              <Text size="sm">
                The database was made anew, or restored from a dump. Until somebody has looked, nothing is taken back,
                started or removed by itself.
              </Text>
            )}
            {unknown.length > 0 && (
              <Text size="sm">Guests of this installation that are not in the inventory: {namesOf(unknown)}.</Text>
            )}
            {newer.length > 0 && (
              <Text size="sm">Guests that are newer than what the inventory knows of them: {namesOf(newer)}.</Text>
            )}
            <Button size="compact-sm" variant="default" onClick={() => setLooking(true)}>
              Look what can be taken back
            </Button>
          </Stack>
        </Alert>
      )}
      {looking && <TakeBackDialog onClose={() => setLooking(false)} />}
    </>
  );
};
