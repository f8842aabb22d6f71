package org.sipproxy.spring;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.core.domain.properties.HasName.Predicates.nameContaining;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import org.junit.jupiter.api.Test;

/** Dependencies of the starter. */
class ArrowsTest {

    private static final JavaClasses CLASSES = new ClassFileImporter()
            .withImportOption(location -> !location.contains("test-classes") && !location.contains("-tests.jar"))
            .importPackages("org.sipproxy");

    @Test
    void usesThePublicTypesOfTheLibrary() {
        noClasses()
                .that()
                .resideInAPackage("org.sipproxy.spring..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.sipproxy.core.internal..", "org.sipproxy.server..")
                .because("it is a host application")
                .check(CLASSES);
    }

    @Test
    void noOtherModuleKnowsSpring() {
        noClasses()
                .that()
                .resideOutsideOfPackage("org.sipproxy.spring..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.springframework..", "org.sipproxy.spring..")
                .check(CLASSES);
    }

    @Test
    void onlyTheTestSliceUsesTheTestkit() {
        noClasses()
                .that()
                .resideInAPackage("org.sipproxy.spring")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.sipproxy.testkit..", "org.sipproxy.spring.test..")
                .because("it brings JUnit")
                .check(CLASSES);
    }

    /** A type that one version of Boot lacks must not be loaded with the others. */
    @Test
    void typesThatBoot4HasMovedAreUsedByClassesOfTheirOwn() {
        noClasses()
                .that(resideInAPackage("org.sipproxy.spring..")
                        .and(not(nameContaining("$Boot3Health")))
                        .and(not(nameContaining("$Boot4Health"))))
                .should()
                .dependOnClassesThat(resideInAnyPackage(
                        "org.springframework.boot.actuate.health..",
                        "org.springframework.boot.actuate.autoconfigure.health..",
                        "org.springframework.boot.actuate.autoconfigure.metrics..",
                        "org.springframework.boot.autoconfigure.jdbc..",
                        "org.springframework.boot.health.."))
                .check(CLASSES);
    }

    @Test
    void optionalModulesAreUsedByConfigurationsOfTheirOwn() {
        noClasses()
                .that(resideInAPackage("org.sipproxy.spring..")
                        .and(not(nameContaining("SipProxyJdbcAutoConfiguration")))
                        .and(not(nameContaining("SipProxyMetricsAutoConfiguration"))))
                .should()
                .dependOnClassesThat(
                        resideInAnyPackage("org.sipproxy.jdbc..", "org.sipproxy.micrometer..", "io.micrometer.."))
                .check(CLASSES);
    }
}
