import { Input, SegmentedControl } from '@mantine/core';
import type { ReactNode } from 'react';

interface Props<T extends string> {
  readonly label: string;
  readonly description: string;
  readonly choices: readonly (T | { readonly value: T; readonly label: string })[];
  readonly value: T;
  readonly error: ReactNode;
  readonly onChange: (value: T) => void;
}

/** One of a few, all of them in sight. */
export const Choice = <T extends string>({ label, description, choices, value, error, onChange }: Props<T>) => (
  <Input.Wrapper label={label} labelElement="div" description={description} error={error}>
    <SegmentedControl fullWidth mt={4} aria-label={label} data={[...choices]} value={value} onChange={onChange} />
  </Input.Wrapper>
);
