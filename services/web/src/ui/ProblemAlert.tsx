import type { Problem } from '@innkeeper/model';
import { Alert, List, Text } from '@mantine/core';

interface Props {
  readonly problem: Problem;
  /** What failed, when the problem's own title says too little. */
  readonly title?: string;
  readonly onClose?: () => void;
}

/** A refusal as the control plane put it: what, why, and what to do next. */
export const ProblemAlert = ({ problem, title, onClose }: Props) => (
  <Alert
    color="red"
    role="alert"
    title={title === undefined ? problem.title : `${title}: ${problem.title}`}
    {...(onClose === undefined ? {} : { withCloseButton: true, closeButtonLabel: 'Dismiss', onClose })}
  >
    <Text size="sm">{problem.detail}</Text>
    {problem.errors !== undefined && problem.errors.length > 0 && (
      <List size="sm" mt="xs">
        {problem.errors.map(({ path, message, hint }) => (
          <List.Item key={`${path} ${message}`}>
            <b>{path}</b> {message}
            {hint !== undefined && ` (${hint})`}
          </List.Item>
        ))}
      </List>
    )}
    {problem.causes?.map((cause) => (
      <Text key={cause} size="sm" c="dimmed">
        because: {cause}
      </Text>
    ))}
    {problem.hint !== undefined && (
      <Text size="sm" mt="xs">
        What to do: {problem.hint}
      </Text>
    )}
  </Alert>
);
