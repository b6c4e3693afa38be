import { Anchor, Badge, Button, Group, Text, Title } from '@mantine/core';
import { AccessPage } from '../access/AccessPage.tsx';
import { useMe } from '../api/access.ts';
import { type Liveness, useLiveEvents } from '../api/useLiveEvents.ts';
import { HostsPage } from '../hosts/HostsPage.tsx';
import { Backups } from '../kept/Backups.tsx';
import { NetworksPage } from '../networks/NetworksPage.tsx';
import { OperationsPanel } from '../operations/OperationsPanel.tsx';
import { signOut } from '../session/session.ts';
import { WorkloadsPage } from '../workloads/WorkloadsPage.tsx';
import { hashOf, type Place, tabs, usePlace } from './place.ts';
import classes from './Shell.module.css';

const liveText: Readonly<Record<Liveness, { readonly text: string; readonly color: string; readonly title: string }>> =
  {
    connecting: { text: 'connecting', color: 'gray', title: 'Connecting to the events' },
    live: { text: 'live', color: 'green', title: 'Changes appear as they happen' },
    lost: {
      text: 'reconnecting',
      color: 'orange',
      title: 'The control plane does not answer; what is shown may be old. Guests run on.',
    },
  };

const tabText: Readonly<Record<Place['tab'], string>> = {
  workloads: 'Workloads',
  backups: 'Backups',
  hosts: 'Hosts',
  networks: 'Networks',
  access: 'Access',
};

const Section = ({ tab, item }: Place) => {
  switch (tab) {
    case 'workloads':
      return <WorkloadsPage opened={item} />;
    case 'backups':
      return <Backups />;
    case 'hosts':
      return <HostsPage />;
    case 'networks':
      return <NetworksPage />;
    case 'access':
      return <AccessPage />;
    default:
      return tab satisfies never;
  }
};

export const Shell = () => {
  const place = usePlace();
  const { text, color, title } = liveText[useLiveEvents()];
  const me = useMe().data;
  // Tokens and the audit log are shown to administrators of all projects; to others the page says why not.
  const shown = tabs.filter(
    (tab) => tab !== 'access' || me === undefined || (me.role === 'admin' && me.projects.length === 0),
  );
  return (
    <div className={classes.shell}>
      <Group component="header" className={classes.header ?? ''} justify="space-between" px="md" py="xs" gap="xs">
        <Group gap="md">
          <Title order={1} size="h4">
            Innkeeper
          </Title>
          <Group component="nav" gap={4} aria-label="Sections">
            {shown.map((tab) => (
              <Anchor
                key={tab}
                href={hashOf({ tab, item: undefined })}
                className={classes.tab ?? ''}
                underline="never"
                size="sm"
                {...(place.tab === tab ? { 'aria-current': 'page' as const } : {})}
              >
                {tabText[tab]}
              </Anchor>
            ))}
          </Group>
        </Group>
        <Group gap="sm">
          {me !== undefined && (
            <Text
              size="sm"
              c="dimmed"
              title={me.projects.length === 0 ? 'All projects' : `Projects: ${me.projects.join(', ')}`}
            >
              {me.who} ({me.role})
            </Text>
          )}
          <Badge variant="dot" color={color} title={title} tt="none" fw={500} role="status">
            {text}
          </Badge>
          <Button variant="default" size="compact-sm" onClick={signOut}>
            <Text size="sm">Sign out</Text>
          </Button>
        </Group>
      </Group>
      <main className={classes.main} tabIndex={-1}>
        <Section {...place} />
      </main>
      <OperationsPanel />
    </div>
  );
};
