import { Drawer, Group, SimpleGrid } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useApply } from '../api/queries.ts';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';
import { type Draft, emptyDraft, fieldErrors, specOf } from './draft.ts';
import { PlanPanel } from './PlanPanel.tsx';
import { SpecFields } from './SpecFields.tsx';
import { useDraftPlan } from './useDraftPlan.ts';

interface Props {
  /** Names of workloads that exist: PUT would change them instead of making a new one. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

export const NewWorkload = ({ taken, onClose }: Props) => {
  useReturnFocus();
  const [draft, setDraft] = useState<Draft>(emptyDraft);
  const { plan, problem, stale, errors: planErrors } = useDraftPlan(draft);
  const apply = useApply();
  const refused = apply.error === null ? undefined : problemFrom(apply.error);
  const spec = specOf(draft);
  const nameError = taken.includes(draft.name)
    ? { name: `a workload ${draft.name} exists already; choose another name` }
    : {};
  const errors = { ...fieldErrors(refused, draft.name), ...planErrors, ...nameError };

  const blocked = (): string | undefined => {
    if (draft.name === '') return 'It needs a name';
    if (spec === undefined) return 'It needs an image';
    if (nameError.name !== undefined) return nameError.name;
    if (problem !== undefined) return Object.values(planErrors)[0] ?? problem.detail;
    if (stale || plan === undefined) return 'The plan is being made';
    return plan.action === 'impossible'
      ? (plan.problem?.detail ?? plan.placement?.reason ?? 'It fits nowhere')
      : undefined;
  };
  const reason = blocked();
  const title = draft.name === '' ? 'Create' : `Create ${draft.name}`;
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined && spec !== undefined) apply.mutate({ name: draft.name, spec }, { onSuccess: onClose });
  };
  const change = (part: Partial<Draft>): void => {
    apply.reset();
    setDraft((before) => ({ ...before, ...part }));
  };

  return (
    <Drawer
      opened
      onClose={onClose}
      position="right"
      size="min(1000px, 100vw)"
      title="New workload"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
        <form onSubmit={submit} noValidate>
          <SpecFields draft={draft} errors={errors} onChange={change} />
          {refused !== undefined && <ProblemAlert problem={refused} title={`Creating ${draft.name}`} />}
          <Group mt="md">
            <ReasonButton type="submit" reason={reason} label={title} loading={apply.isPending}>
              {title}
            </ReasonButton>
          </Group>
        </form>
        <PlanPanel plan={plan} problem={problem} busy={stale && spec !== undefined} />
      </SimpleGrid>
    </Drawer>
  );
};
