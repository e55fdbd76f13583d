import path from 'node:path';
import ts from 'typescript';

/** Doc comments of types, by the compiler: what stands above a setting in its schema says what it is, and stands nowhere else. */
export class DocComments {
  readonly #program: ts.Program;
  readonly #checker: ts.TypeChecker;

  /** `files`: relative to the root of the repository, as are the options of the compiler. */
  constructor(root: string, files: readonly string[]) {
    const host = {
      ...ts.sys,
      onUnRecoverableConfigFileDiagnostic: (diagnostic: ts.Diagnostic): never => {
        throw new Error(ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'));
      },
    };
    const parsed = ts.getParsedCommandLineOfConfigFile(path.join(root, 'tsconfig.json'), { noEmit: true }, host);
    if (parsed === undefined) throw new Error('tsconfig.json is not readable');
    this.#program = ts.createProgram(
      files.map((file) => path.join(root, file)),
      parsed.options,
    );
    this.#checker = this.#program.getTypeChecker();
  }

  /** Of a type alias, or of a constant, that a file declares at its top. */
  typeOf(file: string, name: string): ts.Type {
    for (const statement of this.#source(file).statements) {
      const declarations = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [statement];
      for (const declaration of declarations) {
        if (!ts.isVariableDeclaration(declaration) && !ts.isTypeAliasDeclaration(declaration)) continue;
        if (declaration.name.getText() === name) return this.#checker.getTypeAtLocation(declaration.name);
      }
    }
    throw new Error(`${file} declares no ${name}`);
  }

  /** Plain text or Markdown; where nothing stands above the property, what stands above that which it is made of; '' for neither. */
  of(property: ts.Symbol): string {
    const own = this.#text(property);
    if (own !== '') return own;
    const [declaration] = property.declarations ?? [];
    if (declaration === undefined || !ts.isPropertyAssignment(declaration)) return '';
    const made = this.#checker.getSymbolAtLocation(firstName(declaration.initializer));
    const [origin] = made?.declarations ?? [];
    // Of `z.number()` that would be the library.
    if (made === undefined || origin === undefined || origin.getText().includes('zod')) return '';
    const isAlias = (made.flags & ts.SymbolFlags.Alias) !== 0;
    return this.#text(isAlias ? this.#checker.getAliasedSymbol(made) : made);
  }

  /** Of the alias `type Name = Config['group']` that a file declares, by the group. */
  aliasesOf(file: string, name: string): ReadonlyMap<string, string> {
    const found = new Map<string, string>();
    for (const statement of this.#source(file).statements) {
      if (!ts.isTypeAliasDeclaration(statement) || !ts.isIndexedAccessTypeNode(statement.type)) continue;
      const { objectType, indexType } = statement.type;
      const symbol = this.#checker.getSymbolAtLocation(statement.name);
      if (objectType.getText() !== name || symbol === undefined) continue;
      found.set(indexType.getText().replaceAll("'", ''), this.#text(symbol));
    }
    return found;
  }

  /** Of a property of a type. */
  ofProperty(type: ts.Type, name: string): string {
    const property = type.getProperty(name);
    return property === undefined ? '' : this.of(property);
  }

  propertyType(property: ts.Symbol): ts.Type {
    return this.#checker.getTypeOfSymbol(property);
  }

  /** The kinds of objects that a type may be: one, those of a union, or none. */
  objects(type: ts.Type): readonly ts.Type[] {
    const members = type.isUnion() ? type.types : [type];
    return members.filter((member) => (member.flags & ts.TypeFlags.Object) !== 0 && !this.#isList(member));
  }

  /** Of what a list or a tuple holds: of a tuple, its first entry. */
  entryType(type: ts.Type): ts.Type | undefined {
    const members = type.isUnion() ? type.types : [type];
    const list = members.find((member) => this.#isList(member));
    return list && this.#checker.getTypeArguments(list as ts.TypeReference)[0];
  }

  /** Whether the property is of the one literal type. */
  isLiteral(type: ts.Type, name: string, value: unknown): boolean {
    const property = type.getProperty(name);
    const own = property && this.#checker.getTypeOfSymbol(property);
    return own?.isStringLiteral() === true && own.value === value;
  }

  #text(symbol: ts.Symbol): string {
    const text = ts.displayPartsToString(symbol.getDocumentationComment(this.#checker));
    return text.replaceAll(/\s*\n(?!\s*[-*] )/g, ' ');
  }

  #source(file: string): ts.SourceFile {
    const found = this.#program.getSourceFiles().find(({ fileName }) => fileName.endsWith(`/${file}`));
    if (found === undefined) throw new Error(`${file} is not among the sources`);
    return found;
  }

  #isList(type: ts.Type): boolean {
    return this.#checker.isArrayType(type) || this.#checker.isTupleType(type);
  }
}

/** The name that an expression begins with: `limit` of `limit.schema.default(0)`. */
function firstName(expression: ts.Expression): ts.Expression {
  let first = expression;
  while (ts.isCallExpression(first) || ts.isPropertyAccessExpression(first)) first = first.expression;
  return first;
}
