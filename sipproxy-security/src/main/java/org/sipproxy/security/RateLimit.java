package org.sipproxy.security;

import org.sipproxy.api.config.ConfigurationException;
import org.sipproxy.api.config.OptionProblems;

/**
 * Rate limit as a token bucket: it holds {@code burst} tokens and is refilled with {@code perSecond}.
 *
 * @param perSecond long-term rate per second, above 0 to 1,000,000
 * @param burst maximum number at once, 1 to 1,000,000
 */
public record RateLimit(double perSecond, int burst) {

    /**
     * Checks the values.
     *
     * @throws ConfigurationException if a value is outside its range
     */
    public RateLimit {
        OptionProblems problems = new OptionProblems("");
        if (!(perSecond > 0 && perSecond <= 1_000_000)) {
            problems.add("perSecond", Double.toString(perSecond), "expected above 0 to 1,000,000");
        }
        problems.range("burst", burst, 1, 1_000_000);
        problems.throwIfAny();
    }

    /** Returns this limit multiplied by a factor, clamped to the valid ranges. */
    RateLimit times(double factor) {
        return new RateLimit(
                Math.min(1_000_000, perSecond * factor), (int) Math.max(1, Math.min(1_000_000, burst * factor)));
    }

    /** Returns text such as {@code 50/s, 500 at once}. */
    @Override
    public String toString() {
        return (perSecond == Math.rint(perSecond) ? Long.toString((long) perSecond) : Double.toString(perSecond))
                + "/s, " + burst + " at once";
    }
}
