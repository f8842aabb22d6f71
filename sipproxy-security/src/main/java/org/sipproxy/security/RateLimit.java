package org.sipproxy.security;

/**
 * How many requests may come: a bucket of {@code burst} tokens that fills by {@code perSecond}.
 *
 * @param perSecond in the long run, above 0 to 1,000,000
 * @param burst at once, 1 to 1,000,000
 */
public record RateLimit(double perSecond, int burst) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if one is outside its range
     */
    public RateLimit {
        if (!(perSecond > 0 && perSecond <= 1_000_000)) {
            throw new IllegalArgumentException("perSecond: " + perSecond + " (expected above 0 to 1,000,000)");
        }
        if (burst < 1 || burst > 1_000_000) {
            throw new IllegalArgumentException("burst: " + burst + " (expected 1 to 1,000,000)");
        }
    }

    /** So many times this limit, within the ranges. */
    RateLimit times(double factor) {
        return new RateLimit(
                Math.min(1_000_000, perSecond * factor), (int) Math.max(1, Math.min(1_000_000, burst * factor)));
    }

    /** {@code 50/s, 500 at once}. */
    @Override
    public String toString() {
        return (perSecond == Math.rint(perSecond) ? Long.toString((long) perSecond) : Double.toString(perSecond))
                + "/s, " + burst + " at once";
    }
}
