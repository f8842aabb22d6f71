package org.sipproxy.core;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Dependencies between the packages, as drawn in ARCHITECTURE.md. */
class ArchitectureTest {

    private static final String INTERNAL = "org.sipproxy.core.internal.";

    /** Each internal package with the internal packages that it may depend on. */
    private static final Map<String, List<String>> ARROWS = Map.ofEntries(
            Map.entry("time", List.of()),
            Map.entry("guard", List.of()),
            Map.entry("address", List.of()),
            Map.entry("codec", List.of("address")),
            Map.entry("tls", List.of()),
            Map.entry("netty", List.of()),
            Map.entry("transport", List.of("address", "codec", "netty", "tls")),
            Map.entry("overload", List.of("codec", "transport", "transaction")),
            Map.entry("dns", List.of("address", "netty")),
            Map.entry("client", List.of("codec")),
            Map.entry("location", List.of("time", "codec", "transport")),
            Map.entry("transaction", List.of("time", "codec", "transport")),
            Map.entry("registrar", List.of("address", "codec")),
            Map.entry("pipeline", List.of("address", "codec", "transport", "transaction", "registrar")),
            Map.entry("call", List.of("codec", "transport", "transaction", "pipeline")),
            Map.entry("thirdparty", List.of("address", "codec", "transaction")),
            Map.entry("forwarding", List.of("address", "codec", "transport", "transaction", "dns", "pipeline")));

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes"))
            .importPackages("org.sipproxy.core", "org.sipproxy.api");

    @TestFactory
    List<DynamicTest> everyInternalPackageDependsOnlyOnThoseThatItMay() {
        List<DynamicTest> tests = new ArrayList<>();
        ARROWS.forEach((name, allowed) -> tests.add(DynamicTest.dynamicTest(name, () -> {
            List<String> forbidden = new ArrayList<>(
                    ARROWS.keySet().stream().map(p -> INTERNAL + p + "..").toList());
            forbidden.add(INTERNAL + "engine..");
            forbidden.remove(INTERNAL + name + "..");
            forbidden.remove(INTERNAL + "time.."); // every package may use clocks and throttles
            forbidden.remove(INTERNAL + "guard.."); // and the guard of host code
            allowed.forEach(p -> forbidden.remove(INTERNAL + p + ".."));
            noClasses()
                    .that()
                    .resideInAPackage(INTERNAL + name + "..")
                    .should()
                    .dependOnClassesThat()
                    .resideInAnyPackage(forbidden.toArray(new String[0]))
                    .because("ARCHITECTURE.md has no arrow there")
                    .check(CLASSES);
        })));
        return tests;
    }

    @Test
    void internalPackagesAreFreeOfCycles() {
        slices().matching(INTERNAL + "(*)..").should().beFreeOfCycles().check(CLASSES);
    }

    @Test
    void apiDoesNotDependOnTheCore() {
        noClasses()
                .that()
                .resideInAPackage("org.sipproxy.api..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.sipproxy.core..", "io.netty..", "com.github.benmanes..")
                .check(CLASSES);
    }

    @Test
    void onlySocketsAndNameServersUseNetty() {
        noClasses()
                .that()
                .resideOutsideOfPackages(
                        INTERNAL + "netty..", INTERNAL + "transport..", INTERNAL + "dns..", INTERNAL + "engine..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("io.netty..")
                .check(CLASSES);
    }

    @Test
    void onlyTheBuilderAndTheProxyDependOnTheEngine() {
        classes()
                .that()
                .resideInAPackage(INTERNAL + "engine..")
                .should()
                .onlyBeAccessed()
                .byAnyPackage(INTERNAL + "engine..", "org.sipproxy.core")
                .check(CLASSES);
    }
}
