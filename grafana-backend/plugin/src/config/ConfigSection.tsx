import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { IconButton, useStyles2 } from '@grafana/ui';
import React, { ReactNode, useState } from 'react';

interface ConfigSectionProps {
  title: string;
  description?: string;
  /** Sections that few need start closed. */
  isInitiallyOpen?: boolean;
  children: ReactNode;
}

/** A group of settings, in the form of Grafana's own data sources. */
export function ConfigSection({ title, description, isInitiallyOpen = true, children }: ConfigSectionProps) {
  const style = useStyles2(styles);
  const [isOpen, setOpen] = useState(isInitiallyOpen);
  return (
    <section className={style.section} aria-label={title}>
      <div className={style.header}>
        <h3 className={style.title}>{title}</h3>
        <IconButton
          name={isOpen ? 'angle-up' : 'angle-down'}
          tooltip={`${isOpen ? 'Collapse' : 'Expand'} ${title}`}
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
        />
      </div>
      {description && <p className={style.description}>{description}</p>}
      {isOpen && children}
    </section>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  section: css({
    padding: theme.spacing(2, 0),
    borderTop: `1px solid ${theme.colors.border.weak}`,
    '&:first-of-type': { borderTop: 0 },
  }),
  header: css({ display: 'flex', justifyContent: 'space-between', alignItems: 'center' }),
  title: css({ margin: 0 }),
  description: css({ color: theme.colors.text.secondary, marginTop: theme.spacing(0.5) }),
});
