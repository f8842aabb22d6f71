package org.sipproxy.core.internal.dns;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sipproxy.core.internal.dns.DnsLookup.Srv;

class SrvOrderTest {

    @Test
    void aLowerPriorityValueIsTriedFirstWhateverTheWeights() {
        List<Srv> records = List.of(srv(20, 65_535, "c"), srv(10, 0, "b"), srv(0, 1, "a"));

        assertThat(targets(records, SrvOrderTest::lowest)).containsExactly("a", "b", "c");
        assertThat(targets(records, SrvOrderTest::highest)).containsExactly("a", "b", "c");
    }

    @Test
    void theRecordWhoseRunningSumReachesTheNumberIsNext() {
        // zero first: z=0, a=1, b=1+3=4; the bound is the sum and one, as the RFC's number includes the sum
        List<Srv> records = List.of(srv(0, 1, "a"), srv(0, 3, "b"), srv(0, 0, "z"));
        List<Integer> bounds = new ArrayList<>();
        IntUnaryOperator two = bound -> {
            bounds.add(bound);
            return Math.min(2, bound - 1);
        };

        assertThat(targets(records, two)).containsExactly("b", "a", "z");
        assertThat(bounds).containsExactly(5, 2);
    }

    @Test
    void weightZeroIsDrawnOnlyByTheNumberZero() {
        List<Srv> records = List.of(srv(0, 10, "a"), srv(0, 0, "z"));

        assertThat(targets(records, SrvOrderTest::lowest)).containsExactly("z", "a");
        assertThat(targets(records, bound -> 1)).containsExactly("a", "z");
    }

    @Test
    void loadIsSharedInProportionToWeight() {
        List<Srv> records = List.of(srv(0, 1, "small"), srv(0, 3, "large"), srv(0, 96, "huge"));
        Random random = new Random(42);
        int[] first = new int[3];

        IntStream.range(0, 20_000)
                .mapToObj(i -> targets(records, random::nextInt).get(0))
                .forEach(target -> first[List.of("small", "large", "huge").indexOf(target)]++);

        // out of sum+1 numbers, of which the first record has one more than its weight
        assertThat(first[0] / 20_000.0).isCloseTo(2 / 101.0, within(0.005));
        assertThat(first[1] / 20_000.0).isCloseTo(3 / 101.0, within(0.005));
        assertThat(first[2] / 20_000.0).isCloseTo(96 / 101.0, within(0.01));
    }

    @Test
    void theLargestWeightsDoNotOverflow() {
        List<Srv> records =
                IntStream.range(0, 16).mapToObj(i -> srv(0, 65_535, "t" + i)).toList();

        assertThat(targets(records, SrvOrderTest::highest)).hasSize(16).doesNotHaveDuplicates();
    }

    private static int lowest(int bound) {
        return 0;
    }

    private static int highest(int bound) {
        return bound - 1;
    }

    private static Srv srv(int priority, int weight, String target) {
        return new Srv(priority, weight, 5060, target);
    }

    private static List<String> targets(List<Srv> records, IntUnaryOperator random) {
        return SrvOrder.draw(records, random).stream().map(Srv::target).toList();
    }
}
