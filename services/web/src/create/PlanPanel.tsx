import type { Problem, WorkloadPlan } from '@innkeeper/model';
import { Alert, Group, List, Loader, Paper, Stack, Text, Title } from '@mantine/core';
import { PlacementView } from '../placement/PlacementView.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';

interface Props {
  readonly plan: WorkloadPlan | undefined;
  readonly problem: Problem | undefined;
  readonly busy: boolean;
}

const Warnings = ({ lines }: { readonly lines: readonly string[] }) =>
  lines.length === 0 ? null : (
    <Alert color="yellow" title="Worth knowing">
      <List size="sm">
        {lines.map((line) => (
          <List.Item key={line}>{line}</List.Item>
        ))}
      </List>
    </Alert>
  );

const Content = ({ plan, problem }: Omit<Props, 'busy'>) => {
  if (problem !== undefined) {
    const { errors = [], ...rest } = problem;
    if (errors.length === 0) return <ProblemAlert problem={rest} />;
    return (
      <Alert color="red" title="There is no plan yet">
        <Text size="sm">What is wrong stands at the field.</Text>
      </Alert>
    );
  }
  if (plan === undefined)
    return (
      <Text size="sm" c="dimmed">
        Choose an image to see where this would run, as what, and why.
      </Text>
    );
  const other = plan.problem?.code === 'unplaceable' ? undefined : plan.problem;
  const warnings = <Warnings lines={plan.warnings} />;
  return (
    <Stack gap="sm">
      {other !== undefined && <ProblemAlert problem={other} />}
      {plan.placement === undefined ? warnings : <PlacementView record={plan.placement}>{warnings}</PlacementView>}
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
