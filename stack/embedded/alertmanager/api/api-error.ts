/** A refusal in the API's shape: `{code, message}`, or a bare JSON string when Alertmanager itself refuses. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly body: unknown;

  constructor(status: number, body: unknown) {
    super(typeof body === 'string' ? body : JSON.stringify(body));
    this.status = status;
    this.body = body;
  }
}

/** What the OpenAPI layer refuses; codes from 600 on are its own and travel with status 422. */
export function openApiError(code: number, message: string): ApiError {
  return new ApiError(code >= 600 ? 422 : code, { code, message });
}

export const required = (field: string) => openApiError(602, `${field} in body is required`);
