import type { ImageView } from '@innkeeper/model';
import { NumberInput, Select, Stack, Text, TextInput } from '@mantine/core';
import { useImages } from '../api/queries.ts';
import { Choice } from '../ui/Choice.tsx';
import type { Draft } from './draft.ts';

interface Props {
  readonly draft: Draft;
  readonly errors: Readonly<Record<string, string>>;
  readonly onChange: (part: Partial<Draft>) => void;
}

const isolations = [
  { value: 'default', label: 'Default' },
  { value: 'shared', label: 'Shared kernel' },
  { value: 'strong', label: 'Own kernel' },
] as const;

/** Nothing is built for Windows: its guest begins with an empty disk. */
const describe = ({ title, family, hosts }: ImageView): string => {
  if (hosts.length > 0) return `${title}; ready on ${hosts.join(', ')}`;
  return family === 'windows' ? title : `${title}; first use builds it`;
};

/** The name, as a manifest has it, is what is typed to find it. */
const Option = ({ image }: { readonly image: ImageView | undefined }) => (
  <div>
    <Text size="sm">{image?.name}</Text>
    <Text size="xs" c="dimmed">
      {image !== undefined && describe(image)}
    </Text>
  </div>
);

export const SpecFields = ({ draft, errors, onChange }: Props) => {
  const images = useImages();
  return (
    <Stack gap="sm">
      <TextInput
        label="Name"
        description="Also its host name: lower-case letters, digits and hyphens"
        value={draft.name}
        onChange={(event) => onChange({ name: event.currentTarget.value.trim() })}
        error={errors.name}
        autoComplete="off"
        spellCheck={false}
        required
        data-autofocus
      />
      <Select
        label="Image"
        placeholder={images.isPending ? 'Reading images' : 'Choose an image'}
        data={(images.data ?? []).map(({ name }) => name)}
        renderOption={({ option }) => <Option image={images.data?.find(({ name }) => name === option.value)} />}
        value={draft.image === '' ? null : draft.image}
        onChange={(image) => onChange({ image: image ?? '' })}
        error={errors.image ?? (images.error === null ? undefined : images.error.message)}
        searchable
        required
      />
      <Choice
        label="Isolation"
        description="Own kernel: always a virtual machine. Otherwise policy decides."
        choices={isolations}
        value={draft.isolation}
        error={errors.isolation ?? errors.backend}
        onChange={(isolation) => onChange({ isolation })}
      />
      <NumberInput
        label="CPUs"
        placeholder="the image's default"
        min={1}
        max={512}
        allowDecimal={false}
        value={draft.cpus}
        onChange={(cpus) => onChange({ cpus })}
        error={errors.cpus}
      />
      <TextInput
        label="Memory"
        description="The most it may use, such as 512MiB or 2GiB"
        placeholder="the image's default"
        value={draft.memory}
        onChange={(event) => onChange({ memory: event.currentTarget.value })}
        error={errors.memory}
      />
      <TextInput
        label="Disk"
        description="Size of its root disk, such as 10GiB; only what is written takes space"
        placeholder="the image's default"
        value={draft.disk}
        onChange={(event) => onChange({ disk: event.currentTarget.value })}
        error={errors.disk}
      />
    </Stack>
  );
};
