/**
 * Neumaier's compensated summation as Prometheus does it, bit for bit. The running sum and its compensation are two
 * locals of the caller's loop where speed matters; `KahanSum` is for the rest.
 */
export class KahanSum {
  sum = 0;
  compensation = 0;

  add(increment: number): void {
    const total = this.sum + increment;
    if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) this.compensation = 0;
    else if (Math.abs(this.sum) >= Math.abs(increment)) this.compensation += this.sum - total + increment;
    else this.compensation += increment - total + this.sum;
    this.sum = total;
  }

  get value(): number {
    return this.sum + this.compensation;
  }
}

export function isInfinite(value: number): boolean {
  return value === Number.POSITIVE_INFINITY || value === Number.NEGATIVE_INFINITY;
}
