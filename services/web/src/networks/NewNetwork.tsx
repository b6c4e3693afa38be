import { Group, Modal, Stack, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';
import { problemFrom } from '../api/ApiError.ts';
import { usePutNetwork } from '../api/networks.ts';
import { Choice } from '../ui/Choice.tsx';
import { NameField } from '../ui/NameField.tsx';
import { ProblemAlert } from '../ui/ProblemAlert.tsx';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { useReturnFocus } from '../ui/useReturnFocus.ts';
import { emptyDraft, fieldErrors, type NetworkDraft, specOf } from './draft.ts';
import { modes, modeText } from './modes.ts';

interface Props {
  /** Names of networks that exist: PUT would change them instead of making a new one. */
  readonly taken: readonly string[];
  readonly onClose: () => void;
}

const blockedBy = ({ name, mode, bridge, link }: NetworkDraft, taken: readonly string[]): string | undefined => {
  if (name === '') return 'It needs a name';
  if (taken.includes(name)) return `a network ${name} exists already; choose another name`;
  if (mode === 'macvtap' && link.trim() === '') return 'It needs an interface of the host';
  return mode === 'bridge' && bridge.trim() === '' ? 'It needs a bridge of the host' : undefined;
};

export const NewNetwork = ({ taken, onClose }: Props) => {
  useReturnFocus();
  const [draft, setDraft] = useState<NetworkDraft>(emptyDraft);
  const put = usePutNetwork();
  const refused = put.error === null ? undefined : problemFrom(put.error);
  const errors = fieldErrors(refused, draft.name);
  const reason = blockedBy(draft, taken);
  const title = draft.name === '' ? 'Create' : `Create ${draft.name}`;
  const change = (part: Partial<NetworkDraft>): void => {
    put.reset();
    setDraft((before) => ({ ...before, ...part }));
  };
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (reason === undefined) put.mutate({ name: draft.name, spec: specOf(draft) }, { onSuccess: onClose });
  };

  return (
    <Modal opened onClose={onClose} title="New network" closeButtonProps={{ 'aria-label': 'Close' }}>
      <form onSubmit={submit} noValidate>
        <Stack gap="sm">
          <NameField
            description="Lower-case letters, digits and hyphens"
            value={draft.name}
            error={errors.name ?? (taken.includes(draft.name) ? reason : undefined)}
            onChange={(name) => change({ name })}
          />
          <Choice
            label="Mode"
            description={modeText[draft.mode]}
            choices={modes}
            value={draft.mode}
            error={errors.mode}
            onChange={(mode) => change({ mode })}
          />
          {draft.mode === 'macvtap' && (
            <TextInput
              label="Interface"
              description="One that hosts have"
              placeholder="eth0"
              value={draft.link}
              onChange={(event) => change({ link: event.currentTarget.value })}
              error={errors.link}
              required
            />
          )}
          {draft.mode === 'bridge' && (
            <TextInput
              label="Bridge"
              description="One that hosts have already"
              placeholder="br0"
              value={draft.bridge}
              onChange={(event) => change({ bridge: event.currentTarget.value })}
              error={errors.bridge}
              required
            />
          )}
          {(draft.mode === 'nat' || draft.mode === 'isolated') && (
            <TextInput
              label="Subnet"
              placeholder="a free one, such as 10.80.0.0/24"
              value={draft.subnet}
              onChange={(event) => change({ subnet: event.currentTarget.value })}
              error={errors.subnet}
            />
          )}
          <TextInput
            label="Description"
            value={draft.description}
            onChange={(event) => change({ description: event.currentTarget.value })}
            error={errors.description}
          />
          {refused !== undefined && Object.keys(errors).length === 0 && (
            <ProblemAlert problem={refused} title={`Creating ${draft.name}`} />
          )}
          <Group justify="flex-end">
            <ReasonButton type="submit" reason={reason} label={title} loading={put.isPending}>
              {title}
            </ReasonButton>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
};
