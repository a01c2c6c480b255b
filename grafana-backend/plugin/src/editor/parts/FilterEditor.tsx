import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { Button, IconButton, useStyles2 } from '@grafana/ui';
import React from 'react';

import { UNFINISHED_COHORT } from '../../cohort';
import { UNFINISHED_DID } from '../../did';
import {
  fromGroup,
  GroupNode,
  isGroup,
  isPersonLeaf,
  Leaf,
  NUMERIC,
  PersonLeaf,
  toGroup,
  UNARY,
  UNFINISHED,
  withOperator,
} from '../../filters';
import { Operator, PersonFilter, Test } from '../../query/generated';
import { FewChoices, ManyChoices } from './Choice';
import { FieldPicker, ValuePicker } from './Pickers';
import { TextInput } from './TextInput';

interface FilterEditorProps<F extends PersonFilter> {
  label: string;
  filter?: F;
  onChange: (filter?: F) => void;
  /** How conditions on persons are edited, where they can be asked for. */
  PersonRow?: React.ComponentType<PersonRowProps>;
}

export interface PersonRowProps {
  label: string;
  leaf: PersonLeaf;
  onChange: (leaf: PersonLeaf) => void;
  onRemove: () => void;
}

/** A tree of conditions. Each level is a list of rows under "all of" or "any of"; groups nest. */
export function FilterEditor<F extends PersonFilter>({ label, filter, onChange, PersonRow }: FilterEditorProps<F>) {
  const group = toGroup(filter);
  // Without rows for persons there is none in the tree.
  const change = (changed: GroupNode) => onChange(fromGroup(changed) as F | undefined);
  return <Group label={label} group={group} onChange={change} depth={0} PersonRow={PersonRow} />;
}

const DEPTH_MAX = 4;

function Group({ label, group, onChange, onRemove, depth, PersonRow }: GroupProps) {
  const style = useStyles2(styles);
  const replace = (at: number, child?: GroupNode | Leaf) => {
    const children = [...group.children];
    children.splice(at, 1, ...(child ? [child] : []));
    onChange({ ...group, children });
  };
  const add = (child: GroupNode | Leaf) => onChange({ ...group, children: [...group.children, child] });
  return (
    <div className={depth > 0 ? style.nested : undefined} role="group" aria-label={label}>
      {(group.children.length > 1 || depth > 0 || group.negated) && (
        <div className={style.row}>
          <FewChoices
            label={`${label}: how conditions are combined`}
            value={(group.negated ? 'not ' : '') + (group.any ? 'any' : 'all')}
            options={JOINS}
            onChange={(join) => onChange({ ...group, any: join.endsWith('any'), negated: join.startsWith('not') })}
          />
          {onRemove && <IconButton name="trash-alt" tooltip="Remove this group" onClick={onRemove} />}
        </div>
      )}
      {group.children.map((child, at) =>
        isGroup(child) ? (
          <Group
            key={at}
            label={`${label}, group ${at + 1}`}
            group={child}
            depth={depth + 1}
            onChange={(changed) => replace(at, changed)}
            onRemove={() => replace(at)}
            PersonRow={PersonRow}
          />
        ) : (
          <LeafRow
            key={at}
            label={`${label}, condition ${at + 1}`}
            leaf={child}
            onChange={(changed) => replace(at, changed)}
            onRemove={() => replace(at)}
            PersonRow={PersonRow}
          />
        )
      )}
      <div className={style.row}>
        <Button size="sm" variant="secondary" fill="text" icon="plus" onClick={() => add(UNFINISHED)}>
          Filter
        </Button>
        {PersonRow && (
          <Button size="sm" variant="secondary" fill="text" icon="plus" onClick={() => add(UNFINISHED_DID)}>
            Person
          </Button>
        )}
        {PersonRow && (
          <Button size="sm" variant="secondary" fill="text" icon="plus" onClick={() => add(UNFINISHED_COHORT)}>
            Cohort
          </Button>
        )}
        {group.children.length > 0 && depth < DEPTH_MAX && (
          <Button
            size="sm"
            variant="secondary"
            fill="text"
            icon="plus"
            onClick={() => add({ any: !group.any, negated: false, children: [UNFINISHED] })}
          >
            Group
          </Button>
        )}
      </div>
    </div>
  );
}

interface GroupProps {
  label: string;
  group: GroupNode;
  depth: number;
  onChange: (group: GroupNode) => void;
  onRemove?: () => void;
  PersonRow?: React.ComponentType<PersonRowProps>;
}

/** A condition on the event, or on its person. */
function LeafRow({ label, leaf, onChange, onRemove, PersonRow }: LeafRowProps) {
  if (!isPersonLeaf(leaf)) {
    return <TestRow label={label} test={leaf} onChange={onChange} onRemove={onRemove} />;
  }
  return PersonRow ? <PersonRow label={label} leaf={leaf} onChange={onChange} onRemove={onRemove} /> : null;
}

interface LeafRowProps {
  label: string;
  leaf: Leaf;
  onChange: (leaf: Leaf) => void;
  onRemove: () => void;
  PersonRow?: React.ComponentType<PersonRowProps>;
}

function TestRow({ label, test, onChange, onRemove }: TestRowProps) {
  const style = useStyles2(styles);
  const several = test.op === 'in' || test.op === 'not in';
  return (
    <div className={style.row}>
      <FieldPicker
        label={`${label}: field`}
        value={test.field}
        width={22}
        onChange={(field) => onChange({ ...test, field })}
      />
      <ManyChoices
        label={`${label}: operator`}
        width={16}
        value={test.op || '='}
        options={OPERATORS}
        onChange={(op) => onChange(withOperator(test, op))}
      />
      {several && (
        <TextInput
          label={`${label}: values, separated by commas`}
          placeholder="one, another"
          width={30}
          value={(test.values ?? []).join(', ')}
          onChange={(text) => onChange({ ...test, value: undefined, values: separated(text) })}
        />
      )}
      {!several && NUMERIC.has(test.op) && (
        <TextInput
          label={`${label}: number`}
          width={14}
          value={String(test.value ?? '')}
          onChange={(text) => onChange({ ...test, value: text === '' ? undefined : numberOrText(text) })}
        />
      )}
      {!several && !NUMERIC.has(test.op) && !UNARY.has(test.op) && (
        <ValuePicker
          label={`${label}: value`}
          field={test.field}
          value={String(test.value ?? (test.values ?? []).join(' | '))}
          onChange={(value) => onChange({ field: test.field, op: test.op, value: value || undefined })}
        />
      )}
      <IconButton name="times" tooltip="Remove this condition" onClick={onRemove} />
    </div>
  );
}

interface TestRowProps {
  label: string;
  test: Test;
  onChange: (test: Test) => void;
  onRemove: () => void;
}

const JOINS = [
  { value: 'all', label: 'all of' },
  { value: 'any', label: 'any of' },
  { value: 'not all', label: 'not all of' },
  { value: 'not any', label: 'none of' },
];
const OPERATORS = (
  [
    '=',
    '!=',
    'in',
    'not in',
    'contains',
    'not contains',
    'wildcard',
    'not wildcard',
    '=~',
    '!~',
    '<',
    '<=',
    '>',
    '>=',
    'is set',
    'is not set',
  ] satisfies Operator[]
).map((op) => ({ value: op, label: op }));

const separated = (text: string) =>
  text
    .split(',')
    .map((value) => value.trim())
    .filter(Boolean);
/** A variable such as `$limit` stays a string until it is interpolated. */
const numberOrText = (text: string) => (text.trim() !== '' && !Number.isNaN(Number(text)) ? Number(text) : text.trim());

const styles = (theme: GrafanaTheme2) => ({
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5),
    alignItems: 'center',
    marginBottom: theme.spacing(0.5),
  }),
  nested: css({
    borderLeft: `2px solid ${theme.colors.border.medium}`,
    paddingLeft: theme.spacing(1),
    marginBottom: theme.spacing(0.5),
  }),
});
