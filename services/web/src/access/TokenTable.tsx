import type { TokenView } from '@innkeeper/model';
import { Badge, Table } from '@mantine/core';
import { ReasonButton } from '../ui/ReasonButton.tsx';
import { momentText, nothing } from '../ui/text.ts';
import { useNow } from '../ui/useNow.ts';

interface Props {
  readonly tokens: readonly TokenView[];
  readonly onRevoke: (token: TokenView) => void;
}

const goodText = ({ revokedAt, expiresAt }: TokenView, now: number): string => {
  if (revokedAt !== undefined) return `revoked ${momentText(revokedAt)}`;
  if (expiresAt === undefined) return 'until it is revoked';
  return `${Date.parse(expiresAt) <= now ? 'expired' : 'until'} ${momentText(expiresAt)}`;
};

export const TokenTable = ({ tokens, onRevoke }: Props) => {
  const now = useNow(10_000);
  return (
    <Table.ScrollContainer minWidth={820} type="native">
      <Table fz="sm" verticalSpacing={6} aria-label="List of tokens" style={{ whiteSpace: 'nowrap' }}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Name</Table.Th>
            <Table.Th>Role</Table.Th>
            <Table.Th>Projects</Table.Th>
            <Table.Th>Good</Table.Th>
            <Table.Th title="to the minute">Last used</Table.Th>
            <Table.Th>Made by</Table.Th>
            <Table.Th>Actions</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.id}>
              <Table.Th scope="row">{token.name}</Table.Th>
              <Table.Td>
                <Badge variant="default" tt="none" fw={500}>
                  {token.role}
                </Badge>
              </Table.Td>
              <Table.Td>{token.projects.join(', ') || 'all'}</Table.Td>
              <Table.Td>{goodText(token, now)}</Table.Td>
              <Table.Td>{token.lastUsedAt === undefined ? 'never' : momentText(token.lastUsedAt)}</Table.Td>
              <Table.Td title={momentText(token.createdAt)}>{token.createdBy ?? nothing}</Table.Td>
              <Table.Td>
                <ReasonButton
                  size="compact-xs"
                  variant="default"
                  c="red"
                  reason={token.revokedAt === undefined ? undefined : `${token.name} is revoked already`}
                  label={`Revoke ${token.name}`}
                  onPress={() => onRevoke(token)}
                >
                  Revoke
                </ReasonButton>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
};
