import type { Problem, WorkloadPlan } from '@innkeeper/model';
import { Alert, Group, List, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { PlacementView } from '../placement/PlacementView.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';

interface Props {
  readonly plan: WorkloadPlan | undefined;
  readonly problem: Problem | undefined;
  readonly busy: boolean;
}

const Content = ({ plan, problem }: Omit<Props, 'busy'>) => {
  if (problem !== undefined) {
    // What is wrong with each field stands at the field.
    const { errors: _, ...rest } = problem;
    return <ProblemAlert problem={rest} />;
  }
  if (plan === undefined)
    return (
      <Text size="sm" c="dimmed">
        Choose an image to see where this would run, as what, and why.
      </Text>
    );
  const other = plan.problem?.code === 'unplaceable' ? undefined : plan.problem;
  return (
    <Stack gap="sm">
      {other !== undefined && <ProblemAlert problem={other} />}
      {plan.warnings.length > 0 && (
        <Alert color="yellow" title="Worth knowing">
          <List size="sm">
            {plan.warnings.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </Alert>
      )}
      {plan.placement !== undefined && <PlacementView record={plan.placement} />}
      {plan.mapping.length > 0 && (
        <div>
          <Text size="sm" fw={600}>
            How it is set up there
          </Text>
          <List size="sm">
            {plan.mapping.map((line) => (
              <List.Item key={line}>{line}</List.Item>
            ))}
          </List>
        </div>
      )}
    </Stack>
  );
};

/** What would happen, while one types. Nothing is changed or reserved by it. */
export const PlanPanel = ({ plan, problem, busy }: Props) => (
  <Paper withBorder p="md" component="section" aria-label="Plan" aria-busy={busy}>
    <Group justify="space-between" mb="sm">
      <Title order={3} size="h5">
        What would happen
      </Title>
      {busy && <Loader size="xs" aria-label="Planning" />}
    </Group>
    <Content plan={plan} problem={problem} />
  </Paper>
);
