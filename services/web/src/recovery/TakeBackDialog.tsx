import type { RecoveryView } from '@innkeeper/model';
import { Alert, Button, Center, Group, Loader, Modal, Stack, Text } from '@mantine/core';
import { isForbidden, problemFrom } from '../api/ApiError.ts';
import { useRecoveryPlan, useTakeBack } from '../api/recovery.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';
import { Recovery } from './Recovery.tsx';

const Failure = ({ error, title }: { readonly error: unknown; readonly title: string }) =>
  isForbidden(error) ? (
    <Alert color="gray" title="Taking back is for administrators" role="alert">
      <Text size="sm">{problemFrom(error).detail}.</Text>
    </Alert>
  ) : (
    <ProblemAlert problem={problemFrom(error)} title={title} />
  );

/** Where there is nothing to take back, somebody still has to say so: until then nothing happens by itself. */
const buttonText = ({ workloads, networks, behind }: RecoveryView): string | undefined => {
  if (workloads.length + networks.length > 0) return 'Take back';
  return behind ? 'Go on with this inventory' : undefined;
};

/** First what would be done, then the same as what was done. */
export const TakeBackDialog = ({ onClose }: { readonly onClose: () => void }) => {
  useReturnFocus();
  const { data: plan, error } = useRecoveryPlan();
  const takeBack = useTakeBack();
  const view = takeBack.data ?? plan;
  const offer = plan === undefined || takeBack.isSuccess ? undefined : buttonText(plan);
  return (
    <Modal
      opened
      onClose={onClose}
      size="xl"
      title={takeBack.isSuccess ? 'Taken back from the hosts' : 'What can be taken back from the hosts'}
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <Stack>
        {error !== null && <Failure error={error} title="Reading the hosts" />}
        {takeBack.error !== null && <Failure error={takeBack.error} title="Taking back" />}
        {view === undefined && error === null && (
          <Center p="xl">
            <Loader aria-label="Reading the hosts" />
          </Center>
        )}
        {view !== undefined && <Recovery view={view} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose} data-autofocus>
            {offer === undefined ? 'Close' : 'Not now'}
          </Button>
          {offer !== undefined && (
            <Button loading={takeBack.isPending} onClick={() => takeBack.mutate()}>
              {offer}
            </Button>
          )}
        </Group>
      </Stack>
    </Modal>
  );
};
