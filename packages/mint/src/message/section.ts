/**
 * Header and trailer sections of responses as HTTP/2 and HTTP/3 have them: put
 * together from their fields, judged (RFC 9113, 8.2 and 8.3; RFC 9114, 4.2 and
 * 4.3), and bounded.
 */
import { badField, lengthField, statusField } from '../compression/field-kind.ts';
import type { FieldSink } from '../compression/field-sink.ts';
import { Fault } from '../errors/fault.ts';
import { Fields } from '../fields.ts';
import { fieldOverhead } from '../syntax.ts';

/** What an encoded section says. It never changes. */
export class Section {
  /** What `:status` says; 0 without one, as in trailers. */
  readonly status: number;
  readonly fields: Fields;
  /** The bytes of names and values, and 32 a field (RFC 9113, 6.5.2). */
  readonly size: number;
  /** Why no response can have such a section. */
  readonly fault: Fault | undefined;

  constructor(status: number, fields: Fields, size: number, fault: Fault | undefined) {
    this.status = status;
    this.fields = fields;
    this.size = size;
    this.fault = fault;
  }
}

export class SectionBuilder implements FieldSink {
  /** No more fields are wanted: there are too many. */
  isFull = false;
  private readonly maxSize: number;
  private readonly maxCount: number;
  private list: string[] = [];
  private status = 0;
  private contentLength = -1;
  private hasFields = false;
  private size = 0;
  private fields = 0;
  private problem = '';

  /** `maxSize`: the most bytes of names and values of one section; `maxCount`: the most fields. */
  constructor(maxSize: number, maxCount: number) {
    this.maxSize = maxSize;
    this.maxCount = maxCount;
  }

  /** Begins with a section. */
  begin(): void {
    this.isFull = false;
    this.list = [];
    this.status = 0;
    this.contentLength = -1;
    this.hasFields = false;
    this.size = 0;
    this.fields = 0;
    this.problem = '';
  }

  add(name: string, value: string, kind: number, size: number): void {
    if (kind === statusField) {
      this.addStatus(value);
      return;
    }
    this.size += size;
    this.fields++;
    if (this.fields > this.maxCount || this.size - this.fields * fieldOverhead > this.maxSize) {
      this.isFull = true;
      return;
    }
    switch (kind) {
      case lengthField:
        this.addLength(value);
        break;
      case badField:
        this.problem ||= `the field ${JSON.stringify(name)} cannot stand in a response`;
        return;
    }
    this.hasFields = true;
    this.list.push(name, value);
  }

  /** The section, of which all fields have been added. */
  end(): Section {
    const { list, status, size } = this;
    this.list = [];
    if (this.isFull) return new Section(status, Fields.none, size, this.tooLarge());
    if (this.problem !== '') {
      return new Section(status, Fields.none, size, new Fault('malformed_response', this.problem));
    }
    return new Section(status, Fields.of(list, this.contentLength), size, undefined);
  }

  private addStatus(value: string): void {
    const status = value.length === 3 && /^[1-9]\d\d$/.test(value) ? Number(value) : 0;
    if (this.status !== 0) this.problem ||= 'it has two fields :status';
    else if (this.hasFields) this.problem ||= ':status comes after other fields';
    else if (status === 0) this.problem ||= `:status is ${JSON.stringify(value)}`;
    else this.status = status;
  }

  private addLength(value: string): void {
    const length = /^\d+$/.test(value) ? Number(value) : -1;
    if (this.contentLength >= 0) this.problem ||= 'it has two fields content-length';
    else if (length < 0 || !Number.isSafeInteger(length)) {
      this.problem ||= 'its content-length is no number of bytes';
    } else this.contentLength = length;
  }

  private tooLarge(): Fault {
    const received = this.size - this.fields * fieldOverhead;
    const detail = 'the section of fields is too large';
    return new Fault('too_large', detail, { limit: this.maxSize, received });
  }
}
