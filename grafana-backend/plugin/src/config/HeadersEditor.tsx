import { Button, IconButton, Input, SecretInput } from '@grafana/ui';
import React from 'react';

import { Row } from '../editor/parts/Row';
import { HttpHeader } from '../types';
import { Toggle } from '../editor/parts/Toggle';

const HEADERS_MAX = 20;
const SECRET = 'secureHttpHeaders.';

interface HeadersEditorProps {
  headers: HttpHeader[];
  isKept: (secret: string) => boolean;
  onChange: (headers: HttpHeader[]) => void;
  onSecret: (secret: string, value: string) => void;
  onResetSecret: (secret: string) => void;
}

/** Headers sent with every request to ClickHouse, for proxies; secret values are stored separately. */
export function HeadersEditor({ headers, isKept, onChange, onSecret, onResetSecret }: HeadersEditorProps) {
  const replace = (at: number, header?: HttpHeader) => {
    const changed = [...headers];
    changed.splice(at, 1, ...(header ? [header] : []));
    onChange(changed);
  };
  return (
    <>
      {headers.map((header, at) => (
        <Row key={at}>
          <Input
            aria-label={`Header ${at + 1}: name`}
            width={24}
            placeholder="X-Header"
            value={header.name}
            onChange={(event) => replace(at, { ...header, name: event.currentTarget.value })}
          />
          {header.secure ? (
            <SecretInput
              aria-label={`Header ${at + 1}: value`}
              width={30}
              isConfigured={isKept(SECRET + header.name)}
              onReset={() => onResetSecret(SECRET + header.name)}
              onChange={(event) => onSecret(SECRET + header.name, event.currentTarget.value)}
            />
          ) : (
            <Input
              aria-label={`Header ${at + 1}: value`}
              width={30}
              value={header.value ?? ''}
              onChange={(event) => replace(at, { ...header, value: event.currentTarget.value })}
            />
          )}
          <Toggle
            label="Secret"
            value={header.secure}
            onChange={(value) => replace(at, { name: header.name, secure: value })}
          />
          <IconButton name="trash-alt" tooltip={`Remove header ${at + 1}`} onClick={() => replace(at)} />
        </Row>
      ))}
      <Button
        size="sm"
        variant="secondary"
        icon="plus"
        disabled={headers.length >= HEADERS_MAX}
        onClick={() => onChange([...headers, { name: '', value: '' }])}
      >
        Header
      </Button>
    </>
  );
}
