import { Button, type ButtonProps, Tooltip } from '@mantine/core';
import type { MouseEvent, ReactNode } from 'react';

interface Props extends ButtonProps {
  readonly children: ReactNode;
  /** Why it cannot be pressed; undefined when it can. */
  readonly reason: string | undefined;
  readonly label?: string;
  readonly onPress?: () => void;
  readonly type?: 'button' | 'submit';
}

/** A button that says why it is disabled. It stays in the tab order: a keyboard and a screen reader find the reason. */
export const ReasonButton = ({ children, reason, label, onPress, type = 'button', ...rest }: Props) => {
  const disabled = reason !== undefined;
  const press = (event: MouseEvent): void => {
    if (disabled) event.preventDefault();
    else onPress?.();
  };
  return (
    <Tooltip label={reason} disabled={!disabled} multiline maw={360} events={{ hover: true, focus: true, touch: true }}>
      <Button
        {...rest}
        type={type}
        aria-disabled={disabled}
        aria-label={disabled && label !== undefined ? `${label} (not possible: ${reason})` : label}
        {...(disabled ? { 'data-disabled': true } : {})}
        onClick={press}
      >
        {children}
      </Button>
    </Tooltip>
  );
};
