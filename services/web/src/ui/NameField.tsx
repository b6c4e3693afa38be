import { TextInput } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props {
  readonly description: string;
  readonly value: string;
  readonly error: ReactNode;
  readonly onChange: (name: string) => void;
}

/** What something new is called: the first field of its form. */
export const NameField = ({ description, value, error, onChange }: Props) => (
  <TextInput
    label="Name"
    description={description}
    value={value}
    onChange={(event) => onChange(event.currentTarget.value.trim())}
    error={error}
    autoComplete="off"
    spellCheck={false}
    required
    data-autofocus
  />
);
