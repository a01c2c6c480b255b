import { css } from '@emotion/css';
import { GrafanaTheme2 } from '@grafana/data';
import { ClipboardButton, Tab, TabContent, TabsBar, useStyles2 } from '@grafana/ui';
import React, { useState } from 'react';

import { Field, Row } from '../../editor/parts/Row';
import { TextInput } from '../../editor/parts/TextInput';
import { AppSettings } from '../settings';
import { CLIENTS, gatewayAddress } from './snippets';

interface SendEventProps {
  settings: AppSettings;
  onChange: (changed: AppSettings) => void;
}

export const GATEWAY_DEFAULT = 'http://127.0.0.1:4195';
export const PROJECT_DEFAULT = 'website';

/** What to copy, for each client, with the real address and project. */
export function SendEvent({ settings, onChange }: SendEventProps) {
  const style = useStyles2(styles);
  const [chosen, choose] = useState(CLIENTS[0]);
  const gatewayUrl = settings.gatewayUrl || GATEWAY_DEFAULT;
  const project = settings.project || PROJECT_DEFAULT;
  const text = chosen.snippet({ gatewayUrl, project });
  return (
    <>
      <Row>
        <Field label="Gateway" tooltip="The address of the gateway as your visitors reach it">
          <TextInput
            label="Gateway"
            width={40}
            placeholder={GATEWAY_DEFAULT}
            value={settings.gatewayUrl ?? ''}
            wrong={(typed) =>
              typed && !gatewayAddress(typed) ? 'An address such as https://events.example' : undefined
            }
            onChange={(typed) => onChange({ gatewayUrl: gatewayAddress(typed) })}
          />
        </Field>
        <Field label="Project" tooltip="One of the gateway's PROJECTS">
          <TextInput
            label="Project"
            width={24}
            placeholder={PROJECT_DEFAULT}
            value={settings.project ?? ''}
            onChange={(typed) => onChange({ project: typed || undefined })}
          />
        </Field>
      </Row>
      <TabsBar>
        {CLIENTS.map((client) => (
          <Tab key={client.id} label={client.name} active={client === chosen} onChangeTab={() => choose(client)} />
        ))}
      </TabsBar>
      <TabContent className={style.tab}>
        {chosen.note && <p>{chosen.note}</p>}
        <pre className={style.snippet} tabIndex={0} aria-label={`Snippet for ${chosen.name}`}>
          {text}
        </pre>
        <ClipboardButton size="sm" variant="secondary" icon="copy" getText={() => text}>
          Copy
        </ClipboardButton>
      </TabContent>
    </>
  );
}

const styles = (theme: GrafanaTheme2) => ({
  tab: css({ paddingTop: theme.spacing(1) }),
  snippet: css({ whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }),
});
