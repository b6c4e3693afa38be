import { Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { useCreateToken } from '../api/access.ts';
import { useNetworks } from '../api/networks.ts';
import { useWorkloads } from '../api/queries.ts';
import { Choice } from '../ui/Choice.tsx';
import { NameField } from '../ui/NameField.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';
import { emptyDraft, fieldErrors, type TokenDraft, tokenOf } from './draft.ts';
import { roles, roleText } from './roles.ts';
import { Secret } from './Secret.tsx';

interface Props {
  /** Names of tokens that are not revoked. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

/** Projects that something says already; another may be typed. */
const useProjects = (): string[] => {
  const workloads = (useWorkloads().data ?? []).map(({ spec }) => spec?.project);
  const networks = (useNetworks().data ?? []).map(({ network }) => network.project);
  return [...new Set([...workloads, ...networks].filter((project) => project !== undefined))].sort();
};

const blockedBy = ({ name }: TokenDraft, taken: readonly string[]): string | undefined => {
  if (name === '') return 'It needs a name';
  return taken.includes(name) ? `there is a token ${name} already; choose another name, or revoke it first` : undefined;
};

/** Its secret is shown where the form was, for it can be shown once only: a click beside the dialog does not close it. */
export const NewToken = ({ taken, onClose }: Props) => {
  useReturnFocus();
  const [draft, setDraft] = useState<TokenDraft>(emptyDraft);
  const projects = useProjects();
  const create = useCreateToken();
  const made = create.data;
  const refused = create.error === null ? undefined : problemFrom(create.error);
  const errors = fieldErrors(refused);
  const reason = blockedBy(draft, taken);
  const title = draft.name === '' ? 'Create' : `Create ${draft.name}`;
  const change = (part: Partial<TokenDraft>): void => {
    create.reset();
    setDraft((before) => ({ ...before, ...part }));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined) create.mutate(tokenOf(draft));
  };

  if (made !== undefined)
    return (
      <Modal
        opened
        onClose={onClose}
        title={`Token ${made.name}`}
        withCloseButton={false}
        closeOnClickOutside={false}
        closeOnEscape={false}
      >
        <Secret token={made} onClose={onClose} />
      </Modal>
    );
  return (
    <Modal opened onClose={onClose} title="New token" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <NameField
            description="Whose it is: it stands in the audit log at everything done with it"
            value={draft.name}
            error={errors.name ?? (taken.includes(draft.name) ? reason : undefined)}
            onChange={(name) => change({ name })}
          />
          <Choice
            label="Role"
            description={roleText[draft.role]}
            choices={roles}
            value={draft.role}
            error={errors.role}
            onChange={(role) => change({ role })}
          />
          <TagsInput
            label="Projects"
            description="Whose workloads and networks it sees and changes"
            placeholder={draft.projects.length === 0 ? 'all' : ''}
            data={projects}
            value={[...draft.projects]}
            onChange={(chosen) => change({ projects: chosen })}
            error={errors.projects}
            clearable={false}
          />
          <TextInput
            label="Good for"
            description="How long from now on, such as 12h or 30d"
            placeholder="until it is revoked"
            value={draft.expires}
            onChange={(event) => change({ expires: event.currentTarget.value })}
            error={errors.expires}
            autoComplete="off"
          />
          {refused !== undefined && Object.keys(errors).length === 0 && (
            <ProblemAlert problem={refused} title={`Creating ${draft.name}`} />
          )}
          <Group justify="flex-end">
            <ReasonButton type="submit" reason={reason} label={title} loading={create.isPending}>
              {title}
            </ReasonButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
