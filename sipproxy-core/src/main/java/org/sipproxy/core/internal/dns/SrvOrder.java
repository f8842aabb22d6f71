package org.sipproxy.core.internal.dns;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntUnaryOperator;
import org.sipproxy.core.internal.dns.DnsLookup.Srv;

/** Order in which the targets of SRV records are tried: by priority, then randomly in proportion to weight. */
final class SrvOrder {

    // weight 0 first: "arranged in any order, except that all those with weight 0 are placed at the beginning"
    private static final Comparator<Srv> PRIORITY_THEN_ZERO_WEIGHTS =
            Comparator.comparingInt(Srv::priority).thenComparingInt(srv -> Math.min(srv.weight(), 1));

    private SrvOrder() {}

    /**
     * Returns a new random order, as RFC 2782 ("Weight") describes it.
     *
     * @param random returns a number from 0 to its argument, exclusive
     */
    static List<Srv> draw(List<Srv> records, IntUnaryOperator random) {
        List<Srv> rest = new ArrayList<>(records);
        rest.sort(PRIORITY_THEN_ZERO_WEIGHTS);
        List<Srv> ordered = new ArrayList<>(rest.size());
        while (!rest.isEmpty()) {
            ordered.add(rest.remove(next(rest, random)));
        }
        return ordered;
    }

    /** Returns the index of the record to try next, one of those with the first record's priority. */
    private static int next(List<Srv> rest, IntUnaryOperator random) {
        int priority = rest.get(0).priority();
        int group = 0;
        int sum = 0;
        while (group < rest.size() && rest.get(group).priority() == priority) {
            sum += rest.get(group++).weight();
        }
        if (group == 1) {
            return 0;
        }
        int drawn = random.applyAsInt(sum + 1);
        int running = 0;
        for (int i = 0; i < group; i++) {
            running += rest.get(i).weight();
            if (running >= drawn) {
                return i;
            }
        }
        return group - 1;
    }
}
