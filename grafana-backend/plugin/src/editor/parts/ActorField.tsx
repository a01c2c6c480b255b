import React from 'react';

import { Actor } from '../../query/generated';
import { ACTORS, FewChoices } from './Choice';
import { Field } from './Row';

interface ActorFieldProps {
  by?: Actor;
  onChange: (by: Actor) => void;
}

/** Whether to count visitors, users or sessions. */
export function ActorField({ by, onChange }: ActorFieldProps) {
  return (
    <Field label="By">
      <FewChoices label="Count by" value={by ?? 'visitor'} options={ACTORS} onChange={onChange} />
    </Field>
  );
}
