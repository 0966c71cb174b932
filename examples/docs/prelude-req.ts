/** What the examples in the doc comments of @linnet/req use without declaring it. */
import type { HeaderList, Req } from '@linnet/req';

export declare const req: Req;
export declare const headers: HeaderList;
export declare const error: unknown;
export declare function shedLoad(): void;
export declare function fetchToken(origin: string): Promise<{ token: string; seconds: number }>;
