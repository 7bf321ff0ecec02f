/** Type of one parameter of a template function, for Go's checks of arguments. */
export type ParameterType = 'string' | 'int' | 'float64' | 'bool' | 'any';

export interface Signature {
  readonly parameters: readonly ParameterType[];
  /** The last parameter may come any number of times. */
  readonly variadic?: boolean;
}

/** A function callable from a template. Without a signature, neither number nor type of arguments is checked. */
export type GoFunction = ((...args: never[]) => unknown) & { readonly signature?: Signature };
export type GoFunctions = Readonly<Record<string, GoFunction>>;

/** Gives a function the parameter types that Go's compiler would know. */
export function typed(
  parameters: readonly ParameterType[],
  call: (...args: never[]) => unknown,
  options: { readonly variadic?: boolean } = {},
): GoFunction {
  return Object.assign((...args: never[]) => call(...args), {
    signature: { parameters, variadic: options.variadic ?? false },
  });
}
