import type { TokenView } from '@innkeeper/model';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

interface Props {
  readonly token: TokenView;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

const text =
  'Nobody is known by it any more: requests are refused from now on, and open consoles and streams end within 15 seconds. If you signed in here with it, you are signed out. This cannot be undone; what was done with it stays in the audit log.';

export const RevokeToken = ({ token: { name }, ...answers }: Props) => (
  <ConfirmDialog verb="Revoke" name={name} text={text} {...answers} />
);
