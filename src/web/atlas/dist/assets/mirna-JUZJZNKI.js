import{a,b}from"./chunk-VFY3536Y.js";import"./chunk-LLWMXIYG.js";import"./chunk-WQXQX52Q.js";import"./chunk-PKAGAAZR.js";import"./chunk-NDML4JI4.js";export{b as mirna,a as rank};
