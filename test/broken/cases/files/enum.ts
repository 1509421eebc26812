export enum Colour {
  Red,
}

export function paint(): Colour {
  return Colour.Red
}
