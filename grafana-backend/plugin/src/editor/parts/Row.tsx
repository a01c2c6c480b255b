import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { InlineField, useStyles2 } from '@grafana/ui';
import React, { ReactElement, ReactNode, useId } from 'react';

/** Fields side by side; they wrap in narrow panels. */
export function Row({ children }: { children: ReactNode }) {
  return <div className={useStyles2(styles).row}>{children}</div>;
}

/** A field with its label, connected for screen readers. */
export function Field({ label, tooltip, children, invalid, error }: FieldProps) {
  const id = useId();
  return (
    <InlineField
      label={label}
      tooltip={tooltip}
      htmlFor={id}
      className={useStyles2(styles).field}
      invalid={invalid}
      error={error}
    >
      {React.cloneElement(children as ReactElement<{ id?: string }>, { id })}
    </InlineField>
  );
}

interface FieldProps {
  label: string;
  tooltip?: string;
  invalid?: boolean;
  error?: string;
  children: ReactElement;
}

/** A titled group of rows. */
export function Section({ title, children, actions }: { title: string; children: ReactNode; actions?: ReactNode }) {
  const style = useStyles2(styles);
  return (
    <section className={style.section} aria-label={title}>
      <div className={style.title}>
        <span>{title}</span>
        {actions}
      </div>
      {children}
    </section>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  row: css({
    display: 'flex',
    flexWrap: 'wrap',
    gap: theme.spacing(0.5),
    alignItems: 'center',
    marginBottom: theme.spacing(0.5),
  }),
  field: css({ margin: 0 }),
  section: css({
    border: `1px solid ${theme.colors.border.weak}`,
    borderRadius: theme.shape.radius.default,
    padding: theme.spacing(1),
    marginBottom: theme.spacing(1),
  }),
  title: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    fontSize: theme.typography.bodySmall.fontSize,
    fontWeight: theme.typography.fontWeightMedium,
    color: theme.colors.text.secondary,
    marginBottom: theme.spacing(0.5),
  }),
});
