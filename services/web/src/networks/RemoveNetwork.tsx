import type { NetworkView } from '@innkeeper/model';
import { ConfirmDialog } from '../ui/ConfirmDialog.tsx';

interface Props {
  readonly network: NetworkView;
  readonly onConfirm: () => void;
  readonly onClose: () => void;
}

/** Nobody uses it and nothing is lost with it: one question is enough. */
export const RemoveNetwork = ({ network: { name, hosts }, ...answers }: Props) => {
  const where = hosts.length === 0 ? '' : ` It is taken from ${hosts.map(({ host }) => host).join(', ')} as well.`;
  return <ConfirmDialog verb="Remove" name={name} text={`No workload is on it.${where}`} {...answers} />;
};
